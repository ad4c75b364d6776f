// sources player/moves.js player/player.css player/player.js player/run.js widgets/player.js build.mjs package-lock.json sha256 7e5da2d98192e7b3
/*! contains Preact, MIT licence, Copyright (c) 2015-present Jason Miller */
var v,ae,xe,M,B,H,ie,j,_e,q,V,we,I=Symbol.for("pv"),K={},z=[],Se=/^m(i|n|o|s|text|space)$/,X=Array.isArray,G=z.slice,N=Object.assign;function U(t){t&&t.parentNode&&t.remove()}function d(t,e,n){var l,a,o,_={},i=arguments.length;for(o in e)o=="key"?l=e[o]:o=="ref"&&typeof t!="function"?a=e[o]:_[o]=e[o];return i>2&&(_.children=i>3?G.call(arguments,2):n),L(t,_,l,a,null)}function L(t,e,n,l,a){var o={type:t,props:e,key:n,ref:l,__k:null,__:null,__b:0,__e:null,__c:null,constructor:I,__v:a||++ae,__i:-1,__u:0};return!a&&v.vnode&&v.vnode(o),o}function F(t){return t.children}function W(t,e){this.props=t,this.context=e,this.__g=0}function P(t,e){if(e==null)return t.__&&P(t.__,t.__i+1);for(var n;e<t.__k.length;e++)if((n=t.__k[e])&&n.__e)return n.__e;return typeof t.type!="function"||t.props.__P?null:P(t)}function $e(t){var e,n=t.__v,l=n.__e,a=[],o=[],_=t.__P;_&&((e=N({constructor:I},n)).__v=n.__v+1,v.vnode&&v.vnode(e),Y(_,e,n,t.__n,_.namespaceURI,32&n.__u?[l]:null,a,l||P(n),32&n.__u,o),e.__v=n.__v,e.__.__k[e.__i]=e,de(a,e,o),n.__=n.__e=null,e.__e!=l&&se(e))}function se(t){if((t=t.__)&&t.__c&&!t.props.__P)return t.__e=null,t.__k.some(function(e){return e&&(t.__e=e.__e)}),se(t)}function re(t){(8&t.__g||(t.__g|=8,M.push(t),H++))&&B==v.debounceRendering||((B=v.debounceRendering)||queueMicrotask)(pe)}function pe(){try{for(var t,e=1;M.length;)M.length>e&&M.sort(ie),t=M.shift(),e=M.length,8&t.__g&&$e(t)}finally{(H=M.length)&&(B||queueMicrotask)(pe)}}function ue(t,e,n,l,a,o,_,i,c,f,s){var u,h,r,g,b,k,y=l.__k||z,m=e.length;for(c=Ce(n,e,y,c,m),u=0;u<m;u++)(r=n.__k[u])!=null&&(h=~r.__i&&y[r.__i]||K,r.__i=u,k=Y(t,r,h,a,o,_,i,c,f,s),g=r.__e,(h.ref!=r.ref||8&h.__u)&&(h.ref&&J(h.ref,null,r,h),r.ref&&s.push(r.ref,r.__c||g,r)),b=b||g,4&r.__u?(c=ce(r,c,t,!h.__v),h.__e&&(h.__e=null)):typeof r.type=="function"&&k!==void 0?c=k:g&&(c=g.nextSibling),r.__u&=-21);return n.__e=b,c}function Ce(t,e,n,l,a){var o,_,i,c,f,s,u,h,r,g=n.length,b=g,k=0,y=0,m=t.__k=Array(a);for(o=0;o<a;o++)(_=e[o])!=null&&typeof _!="boolean"&&typeof _!="function"?(typeof _!="object"||_.constructor===String?_=m[o]=L(null,_):X(_)?_=m[o]=L(F,{children:_}):_.constructor===I&&_.__b?_=m[o]=L(_.type,_.props,_.key,_.ref,_.__v):m[o]=_,c=o+k,_.__=t,_.__b=t.__b+1,i=null,~(f=_.__i=Me(_,n,c,b))&&(b--,(i=n[f])&&(i.__u|=2)),i&&i.__v?(_.__u|=16,f==c-1?k--:f==c+1?k++:f!=c&&(f>c?k--:k++,y=1)):(~f||(a>g?k--:a<g&&k++),typeof _.type!="function"&&(_.__u|=4))):m[o]=null;if(y){for(s=[],u=[],o=0;o<a;o++)if((_=m[o])&&16&_.__u){for(k=0,h=s.length;k<h;)s[r=k+h>>1]<_.__i?k=r+1:h=r;s[k]=_.__i,u[o]=k+1}for(k=s.length;o--;)u[o]&&(u[o]==k?k--:m[o].__u|=4)}if(b)for(o=0;o<g;o++)!(i=n[o])||2&i.__u||(i.__e==l&&(l=P(i)),Q(i,i));return l}function ce(t,e,n,l){var a,o,_,i;if(typeof t.type=="function"){if(t.props.__P)return e;if(a=t.__k)for(o=0;o<a.length;o++)a[o]&&(a[o].__=t,e=ce(a[o],e,n,!1));return e}for(e&&!e.parentNode&&(e=P(t))&&!e.parentNode&&(e=null),_=t.__e,i=e;i&&i.nodeType==8;)i=i.nextSibling;for(_!=i&&(!l&&n.moveBefore&&_.parentNode?n.moveBefore(_,e):n.insertBefore(_,e||null)),e=_;(e=e&&e.nextSibling)&&e.nodeType==8&&!e.data.startsWith("$s"););return e}function Me(t,e,n,l){var a,o=t.key,_=t.type,i=e[n],c=i&&!(2&i.__u);if(i===null&&o==null||c&&o==i.key&&_==i.type)return n;if(l>(c?1:0)){for(a=n-1;a>=0;a--)if((i=e[a])&&!(2&i.__u)&&o==i.key&&_==i.type)return a;for(a=n+1;a<e.length;a++)if((i=e[a])&&!(2&i.__u)&&o==i.key&&_==i.type)return a}return-1}function le(t,e,n){n==null&&(n=""),e[0]=="-"?t.setProperty(e,n):t[e]=n}function O(t,e,n,l,a){var o,_;if(e=="style")if(typeof n=="string")t.style.cssText=n;else{if(typeof l=="string"&&(t.style.cssText=l=""),l)for(e in l)n&&e in n||le(t.style,e);if(n)for(e in n)l&&n[e]==l[e]||le(t.style,e,n[e])}else if(e[0]=="o"&&e[1]=="n")typeof n!="function"&&(n=null),typeof l!="function"&&(l=null),(t.__e||(t.__e={}))[e]=n,n&&l||(_=V[e]||(V[e]=Pe(e)),(t.__a||(t.__a={}))[e]=q,o=e!=(e=e.replace(_e,"$1")),(e=e.slice(2))[0]<"a"&&(e=e.toLowerCase()),n?t.addEventListener(e,_,o):t.removeEventListener(e,_,o));else{if(a=="http://www.w3.org/2000/svg")e=e.replace(/xlink(H|:h)/,"h").replace(/sName$/,"s");else if(e!="width"&&e!="height"&&e!="href"&&e!="list"&&e!="form"&&e!="tabIndex"&&e!="download"&&e!="rowSpan"&&e!="colSpan"&&e!="role"&&e!="popover"&&e in t)try{return void(t[e]=n??"")}catch{}if(typeof n=="function")return;n==null||n===!1&&e[4]!="-"?t.removeAttribute(e):t.setAttribute(e,e=="popover"&&n==1?"":n)}}function Pe(t){return function(e){var n=this.__e;if(n){if(n=n[t],e[j]==null)e[j]=q++;else if(e[j]<this.__a[t])return;return n(v.event?v.event(e):e)}}}function Y(t,e,n,l,a,o,_,i,c,f){var s,u,h,r,g,b,k,y,m,x,p,w,D,T,A,oe,C,E,$=e.type;if(e.constructor!==I)return null;128&n.__u&&(c=32&n.__u,s=n.__c.__z)&&(e.__u|=c,u=o=[],s.nodeType==8?i=R(s,o):o.push(s),i=o[0]||i),(s=v.__b)&&s(e);e:if(typeof $=="function"){h=_.length;try{if(y=e.props,m=(s=$.prototype)&&s.render,x=(s=$.contextType)&&l[s.__c],p=s?x?x.props.value:s.__:l,(r=n.__c)?(e.__c=r,2&r.__g&&(r.__g|=1)):(m?e.__c=r=new $(y,p):(e.__c=r=new W(y,p),r.constructor=$,r.render=Ae),x&&x.sub(r),r.state||(r.state={}),r.__n=l,r.__g|=8,r.__h=[],r.__k=[]),m&&(r.__s||(r.__s=r.state),$.getDerivedStateFromProps&&(r.__s==r.state&&(r.__s=N({},r.__s)),N(r.__s,$.getDerivedStateFromProps(y,r.__s)))),g=r.props,b=r.state,r.__v=e,n.__c){if(y!==g&&m&&!$.getDerivedStateFromProps&&r.componentWillReceiveProps&&r.componentWillReceiveProps(y,p),e.__v==n.__v&&!(8&r.__g)||!(4&r.__g)&&r.shouldComponentUpdate&&r.shouldComponentUpdate(y,r.__s,p)===!1){e.__v!=n.__v&&(r.props=y,r.state=r.__s,r.__g&=-9),e.__e=n.__e,e.__k=n.__k,e.__k.some(function(S){S&&(S.__=e)}),z.push.apply(r.__h,r.__k),r.__k=[],r.__h.length&&_.push(r),i=P(n);break e}r.componentWillUpdate&&r.componentWillUpdate(y,r.__s,p),m&&r.componentDidUpdate&&r.__h.push(function(){r.componentDidUpdate(g,b,k)})}else m&&!$.getDerivedStateFromProps&&r.componentWillMount&&r.componentWillMount(),m&&r.componentDidMount&&r.__h.push(r.componentDidMount);r.context=p,r.props=y,r.__P=t,r.__g&=-5,w=v.__r,D=m?25:0;do r.__g&=-9,w&&w(e),s=r.render(r.props,r.state=r.__s,r.context);while(8&r.__g&&++D<25);m&&(z.push.apply(r.__h,r.__k),r.__k=[]),r.state=r.__s,r.getChildContext&&(l=N({},l,r.getChildContext())),m&&n.__c&&r.getSnapshotBeforeUpdate&&(k=r.getSnapshotBeforeUpdate(g,b)),T=s&&s.type===F&&s.key==null?s.props.children:s,y.__P&&(s=i,a=(t=y.__P).namespaceURI,c=o=null,n.props&&n.props.__P!=t&&(n.__k.some(function(S){S&&Q(S,S)}),n.__k=null),i=n.__k?P(n,0):null),i=ue(t,X(T)?T:[T],e,n,l,a,o,_,i,c,f),y.__P&&(e.__e=null,i=s),e.__u&=-161,u&&u.some(U),r.__h.length&&_.push(r),1&r.__g&&(r.__g&=-4)}catch(S){if(_.length=h,e.__v=null,c||o)if(S&&S.then){if(e.__u|=128|c,o){for(~(C=o.indexOf(i||void 0))||(C=o.length);(E=o[C-1])&&E.nodeType==8;)C--;for(;C<o.length;C++)if(E=o[C])if(o[C]=null,A){if(E==oe)break}else{if(E.nodeType!=8)break;E.data.startsWith("$s")&&(oe=R(A=E))}}if(!A){for(;i&&i.nodeType==8&&i.nextSibling;)i=i.nextSibling;A=i}(s=R(A=e.__c.__z||(e.__c.__z=A)))?(e.__e=A,i=s):e.__e=i,i=i&&i.nextSibling}else o&&o.some(U);else e.__e=n.__e;e.__k||(e.__k=n.__k||[]),S&&S.then||fe(e),v.__e(S,e,n)}}else i=e.__e=Te(n.__e,e,n,l,a,o,_,c,f,t);return(s=v.diffed)&&s(e),i}function R(t,e){if(t&&t.nodeType==8&&t.data.startsWith("$s"))for(var n=1;t=t.nextSibling;){if(t.nodeType==8){if(t.data.startsWith("$s"))n++;else if(t.data.startsWith("/$s")&&!--n)return t}e&&e.push(t)}}function fe(t){t&&(t.__c&&(t.__c.__g|=4),t.__k&&t.__k.some(fe))}function de(t,e,n){for(var l=0;l<n.length;)J(n[l++],n[l++],n[l++]);v.__c&&v.__c(e,t),t.some(function(a){try{t=a.__h,a.__h=[],t.some(function(o){o.call(a)})}catch(o){v.__e(o,a.__v)}})}function Te(t,e,n,l,a,o,_,i,c,f){var s,u,h,r,g,b,k,y,m=n.props||K,x=e.props,p=e.type;if(p=="svg"?a="http://www.w3.org/2000/svg":p=="math"?a="http://www.w3.org/1998/Math/MathML":a||(a="http://www.w3.org/1999/xhtml"),o){for(s=0;s<o.length;s++)if((g=o[s])&&(p?g.localName==p:g.nodeType==3)){t=g,o[s]=null;break}}if(!t){if(y=f.ownerDocument||document,!p)return y.createTextNode(x);t=y.createElementNS(a,p,x.is?x:f),i&&(v.__m&&v.__m(e,o),i=!1),o=null}if(p){if(f=p=="template"&&t.content||t,o=p=="textarea"&&x.defaultValue!=null?null:o&&G.call(f.childNodes),!i&&o)for(m={},s=0;s<t.attributes.length;s++)m[(g=t.attributes[s]).name]=g.value;for(s in m)g=m[s],s=="dangerouslySetInnerHTML"?h=g:s=="children"||s in x||s=="value"&&"defaultValue"in x||s=="checked"&&"defaultChecked"in x||O(t,s,null,g,a);for(s in x)g=x[s],s=="children"?r=g:s=="dangerouslySetInnerHTML"?u=g:s=="value"?b=g:s=="checked"?k=g:i&&typeof g!="function"||m[s]===g||O(t,s,g,m[s],a);u?(i||h&&(u.__html==h.__html||u.__html==t.innerHTML)||(t.innerHTML=u.__html),e.__k=[]):(h&&(t.textContent=""),(p=="foreignObject"||a=="http://www.w3.org/1998/Math/MathML"&&Se.test(p))&&(a="http://www.w3.org/1999/xhtml"),ue(f,X(r)?r:[r],e,n,l,a,o,_,o?o[0]:n.__k&&P(n,0),i,c),o&&o.some(U)),i&&p!="textarea"||(s="value",p=="progress"&&b==null?t.removeAttribute(s):b==null||b===t[s]&&(p!="progress"||b)||O(t,s,b,m[s],a),s="checked",k!=null&&k!=t[s]&&O(t,s,k,m[s],a))}else m===x||i&&t.data==x||(t.data=x);return t}function J(t,e,n,l){try{typeof t=="function"?e?e.__x=t(e)||1:l&&(l=l.__c||l.__e)&&(e=l.__x)&&(l.__x=null,typeof e=="function"?e():t(null)):t.current=e}catch(a){v.__e(a,n)}}function Q(t,e,n){var l,a,o,_;if(v.unmount&&v.unmount(t),!(l=t.ref)||l.current&&l.current!=t.__e||J(l,null,e,t),l=t.__c){if(l.componentWillUnmount)try{l.componentWillUnmount()}catch(i){v.__e(i,e)}l.__P=l.__n=null}if(l=t.__k)for(_=0;_<l.length;_++)l[_]&&Q(l[_],e,typeof t.type!="function"||n&&!t.props.__P);!n&&(l=t.__c)&&(l=l.__z)&&(a=R(l,o=[]))&&(l==t.__e&&o.some(U),U(a),U(l)),n||U(t.__e),t.__e=t.__c=t.__=null}function Ae(t,e,n){return this.constructor(t,n)}function Z(t,e){var n,l,a,o;v.__&&v.__(t,e),e.nodeType==9&&(e=e.documentElement),l=(n=t&&32&t.__u)?null:e.__k,e.__k=L(F,{children:[t]}),a=[],o=[],Y(e,e.__k,l||K,K,e.namespaceURI,l?null:e.firstChild?G.call(e.childNodes):null,a,l?l.__e:e.firstChild,n,o),de(a,e.__k,o),e.__k.props.children=null}v={__e:function(t,e,n,l){for(var a,o,_;e=e.__;)if((a=e.__c)&&!(1&a.__g)){a.__g|=4;try{if((_=(o=a.constructor)&&o.getDerivedStateFromError)&&a.setState(o.getDerivedStateFromError(t)),a.componentDidCatch&&(a.componentDidCatch(t,l||{}),_=1),_&&8&a.__g)return void(a.__g|=2)}catch(i){t=i}}throw H=0,t}},ae=0,xe=function(t){return t!=null&&t.constructor===I},W.prototype.setState=function(t,e){var n=this.__s;n&&n!=this.state||(n=this.__s=N({},this.state)),typeof t=="function"&&(t=t(N({},n),this.props)),t&&(N(n,t),this.__v&&(e&&this.__k.push(e),re(this)))},W.prototype.forceUpdate=function(t){this.__v&&(this.__g|=4,t&&this.__h.push(t),re(this))},W.prototype.render=F,M=[],H=0,ie=function(t,e){return t.__v.__b-e.__v.__b},j=Symbol(),_e=/(PointerCapture)$|Capture$/i,q=0,V={},we=0;function ee(t){let e=new Map;return t.forEach((n,l)=>e.has(n.chapter)||e.set(n.chapter,l)),[...e]}var te=t=>t.flatMap((e,n)=>e.mark?[[e.mark,n]]:[]);function ne(t,e,n=!1){return(n?t.findLast(a=>a<e):t.find(a=>a>e))??e}function he(t,e,n,l={}){let a=n.length-1;if(t.ctrlKey||t.metaKey||t.altKey)return null;let o=i=>Math.max(0,Math.min(a,i));if(t.key===" ")return o(e+(t.shiftKey?-1:1));if(t.key==="ArrowRight"||t.key==="ArrowDown")return o(e+1);if(t.key==="ArrowLeft"||t.key==="ArrowUp")return o(e-1);if(t.key==="Home")return 0;if(t.key==="End")return a;if(/^[1-9]$/.test(t.key))return ee(n)[Number(t.key)-1]?.[1]??null;let _=Object.values(l).find(({key:i})=>i===t.key.toLowerCase());return _?ne(_.steps,e,t.shiftKey):null}function ge(t,e,n,l=null){let a=n.find(o=>o>t&&o<=e&&o!==l);return a===void 0?{step:e,wait:null}:{step:a-1,wait:a}}var ye=`.deft-player {
  max-width: 860px;
  padding: 10px 12px;
  border: 1px solid var(--deft-faint);
  border-radius: 6px;
}
.deft-player:focus-visible {
  outline: 2px solid var(--deft-accent);
  outline-offset: 1px;
}
.deft-player h3 {
  margin: 0 0 6px;
  font-size: 14px;
  font-weight: 600;
  color: var(--deft-ink);
}
.deft-chapters {
  display: flex;
  flex-wrap: wrap;
  gap: 4px;
  margin: 0 0 8px;
}
.deft-player button,
.deft-player select,
.deft-player input[type="text"] {
  font: inherit;
  min-height: 26px;
  padding: 2px 9px;
  color: var(--deft-ink);
  background: var(--deft-bg);
  border: 1px solid var(--deft-line);
  border-radius: 4px;
}
.deft-player button {
  cursor: pointer;
}
.deft-player button:hover:enabled {
  background: var(--deft-faint);
}
.deft-player button:disabled {
  opacity: 0.45;
  cursor: default;
}
.deft-chapters button[aria-current="true"] {
  font-weight: 600;
  color: var(--deft-bg);
  background: var(--deft-ink);
  border-color: var(--deft-ink);
}
.deft-said {
  min-height: 7.4em;
}
.deft-sentence {
  margin: 0 0 3px;
  font-size: 13.5px;
  color: var(--deft-ink);
}
.deft-player pre.deft-formula {
  margin: 0;
  padding: 0;
  color: var(--deft-muted);
  background: none;
  border: 0;
  font: 12px/1.45 ui-monospace, "DejaVu Sans Mono", monospace;
  white-space: pre-wrap;
}
.deft-wait {
  margin: 4px 0 0;
  padding: 3px 8px;
  border-left: 3px solid #d55e00;
  font-weight: 600;
}
.deft-player svg .cell.lit {
  stroke: var(--deft-line);
  stroke-width: 1;
}
.deft-stage svg {
  display: block;
  width: 100%;
  height: auto;
}
.deft-scrub {
  position: relative;
  margin-top: 6px;
}
.deft-scrub input {
  display: block;
  width: 100%;
  margin: 0;
  accent-color: var(--deft-accent);
}
.deft-ticks {
  position: relative;
  height: 15px;
  margin: 0 8px;
}
.deft-ticks span {
  position: absolute;
  transform: translateX(-50%);
  font-size: 10.5px;
  line-height: 15px;
  color: var(--deft-muted);
  white-space: nowrap;
  cursor: pointer;
}
.deft-ticks span.far {
  width: 3px;
  height: 6px;
  background: var(--deft-line);
  overflow: hidden;
  text-indent: 9px;
}
.deft-transport {
  display: flex;
  flex-wrap: wrap;
  gap: 6px;
  align-items: center;
  margin-top: 6px;
}
.deft-transport label {
  color: var(--deft-muted);
}
.deft-transport .deft-count {
  margin-left: auto;
  color: var(--deft-ink);
}
.deft-player details {
  margin-top: 8px;
}
.deft-player summary {
  cursor: pointer;
  color: var(--deft-muted);
}
.deft-player table {
  margin: 4px 0 0;
  border-collapse: collapse;
  font-size: 11.5px;
  color: var(--deft-ink);
}
.deft-player .deft-table {
  max-height: 240px;
  overflow: auto;
}
.deft-player th,
.deft-player td {
  padding: 1px 8px;
  text-align: left;
  color: var(--deft-ink);
  border-bottom: 1px solid var(--deft-faint);
}
.deft-player kbd {
  padding: 0 4px;
  font: inherit;
  color: var(--deft-ink);
  background: none;
  border: 1px solid var(--deft-line);
  border-radius: 3px;
  box-shadow: none;
}
@media (prefers-reduced-motion: no-preference) {
  .deft-player .cell.changed,
  .deft-player .frame {
    animation: deft-appear 0.35s ease-out;
  }
}
@keyframes deft-appear {
  from {
    stroke-width: 7px;
    stroke-opacity: 0.2;
  }
}
`;var Ue=[.5,1,2,4],Ne=[["Space","next step"],["Shift-Space","step before"],["\u2190 \u2192","back and forth"],["Home End","first and last"],["1 \u2026 9","chapters"],["P","play or pause"]];function me({id:t,title:e,frames:n,parts:l,columns:a,style:o,height:_,step:i,playing:c,speed:f,wait:s,theme:u,moves:h,aside:r,jumps:g={}}){let b=n[i];return d("section",{class:"deft deft-player","data-theme":u,tabIndex:0,"aria-label":`${e}, step by step`,"data-lm-suppress-shortcuts":"true",onKeyDown:h.key},d("style",null,ye),d("h3",null,e),d(De,{frames:n,frame:b,moves:h}),d("div",{class:"deft-said",role:"status","aria-live":c?"off":"polite"},d("p",{class:"deft-sentence"},b.sentence),b.formula?d("pre",{class:"deft-formula"},b.formula):null,s===null?null:d("p",{class:"deft-wait"},"A prediction is waiting for this step. Enter your number first, or press once more to go on without one.")),r??null,d(Le,{id:t,frame:b,parts:l,style:o,height:_}),d(Ie,{id:t,frames:n,step:i,moves:h}),d(Oe,{id:t,frames:n,frame:b,step:i,playing:c,speed:f,moves:h,jumps:g}),d(je,{frame:b,parts:l,columns:a}),d("details",null,d("summary",null,"Keys"),d("p",null,[...Ne,...Object.values(g).map(({key:k,title:y})=>[k.toUpperCase(),y])].flatMap(([k,y],m)=>[m?", ":"",d("kbd",null,k),` ${y}`]),"; they work while the player has the focus.")))}function De({frames:t,frame:e,moves:n}){let l=ee(t);return l.length<2?null:d("nav",{class:"deft-chapters","aria-label":"Chapters"},l.map(([a,o],_)=>d("button",{key:a,type:"button","aria-current":String(a===e.chapter),onClick:i=>n.go(o,i)},_<9?`${_+1} ${a}`:a)))}function Le({id:t,frame:e,parts:n,style:l,height:a}){let o=e.picture.map(_=>n[_]).join("").replaceAll("@@",t);return d("div",{class:"deft-stage"},d("svg",{class:"deft-fig",role:"img",viewBox:`0 0 800 ${a}`,"aria-label":`${e.sentence} ${e.formula}`,dangerouslySetInnerHTML:{__html:`<style>${l}</style><rect class="bg" width="100%" height="100%"/>${o}`}}))}function Ie({id:t,frames:e,step:n,moves:l}){let a=Math.max(1,e.length-1),o=-100,_=te(e).map(([i,c])=>{let f=100*c/a,s=i.length*.62*10.5*50/800,u=f-s<o;u||(o=f+s+1);let h=f-s<0?"translateX(-8px)":f+s>100?"translateX(calc(8px - 100%))":void 0;return d("span",{key:c,class:u?"far":"",title:i,style:{left:`${f}%`,transform:u?void 0:h},onClick:r=>l.go(c,r)},i)});return d("div",{class:"deft-scrub"},d("input",{type:"range",min:0,max:e.length-1,value:n,"aria-label":"Step",id:`${t}-scrub`,"aria-valuetext":`step ${n} of ${e.length-1}, ${e[n].chapter}`,onInput:i=>l.go(i.target.valueAsNumber)}),d("div",{class:"deft-ticks","aria-hidden":"true"},_))}function Oe({id:t,frames:e,frame:n,step:l,playing:a,speed:o,moves:_,jumps:i}){let c=e.length-1,f=(u,h,r)=>d("button",{type:"button","aria-label":u,title:u,disabled:r===l,onClick:g=>_.go(r,g)},h),s=te(e);return d("div",{class:"deft-transport"},f("First step","|\u25C0",0),f("Step before","\u25C0",Math.max(0,l-1)),d("button",{type:"button",onClick:_.play,"aria-pressed":String(a)},a?"\u275A\u275A Pause":"\u25B6 Play"),f("Next step","\u25B6",Math.min(c,l+1)),f("Last step","\u25B6|",c),Object.entries(i).map(([u,h])=>d("button",{key:u,type:"button",title:`${h.title} (${h.key.toUpperCase()})`,onClick:r=>_.jump(u,r)},h.label)),d("label",{for:`${t}-speed`},"Speed"),d("select",{id:`${t}-speed`,onChange:u=>_.speed(Number(u.target.value))},Ue.map(u=>d("option",{value:u,selected:u===o},`${u}\xD7`))),s.length?d("label",{for:`${t}-marks`},"Go to"):null,s.length?d("select",{id:`${t}-marks`,onChange:u=>_.go(Number(u.target.value))},d("option",{value:l,selected:!n.mark},"\u2026"),s.map(([u,h])=>d("option",{value:h,selected:h===l},u))):null,d("span",{class:"deft-count"},`step ${l} of ${c}`,n.bytes?`, ${n.bytes} so far`:""))}function je({frame:t,parts:e,columns:n}){if(!t.rows.length)return null;let l=`<thead><tr>${n[t.columns].map(o=>`<th scope="col">${We(o)}</th>`).join("")}</tr></thead>`,a=t.rows.map(o=>`<tr>${e[o]}</tr>`).join("");return d("details",null,d("summary",null,"Numbers of this step"),d("div",{class:"deft-table",tabIndex:0,role:"region","aria-label":"Numbers of this step"},d("table",{dangerouslySetInnerHTML:{__html:`${l}<tbody>${a}</tbody>`}})))}var We=t=>t.replaceAll("&","&amp;").replaceAll("<","&lt;").replaceAll(">","&gt;");var ke=["title","frames","parts","columns","style","height","step","held","theme"],be=1400;function ve({model:t,el:e},n=()=>({}),l=[]){let a=`deft-player-${Math.random().toString(36).slice(2)}`,[o,_,i,c]=[!1,1,null,null],f=p=>t.get(p),s=()=>n(t,k);function u(p){let w=ge(f("step"),p,f("held"),i);w.wait!==null&&(r(),t.send({type:"look"})),i=w.wait,w.step!==f("step")&&(t.set("step",w.step),t.save_changes()),y()}function h(){f("step")>=f("frames").length-1?r():u(f("step")+1)}function r(){clearInterval(c),[o,c]=[!1,null],y()}function g(){if(o)return r();f("step")===f("frames").length-1&&u(0),o=!0,c=setInterval(h,be/_),y()}let b=p=>p?.detail&&e.querySelector(".deft-player")?.focus({preventScroll:!0}),k={go(p,w){u(p),b(w)},jump(p,w){u(ne(s().jumps[p].steps,f("step"))),b(w)},play(p){g(),b(p)},speed(p){_=p,o&&(clearInterval(c),c=setInterval(h,be/_)),y()},key(p){let w=p.target.tagName;if(w==="SELECT"||p.target.type==="text"||p.target.tagName==="TEXTAREA"||(w==="BUTTON"||w==="SUMMARY")&&p.key===" "||p.target.classList.contains("deft-scrolls")&&/^(Arrow(Up|Down)|Home|End)$/.test(p.key))return;let D=p.key.toLowerCase()==="p"&&!p.ctrlKey&&!p.metaKey&&!p.altKey,T=D?null:he(p,f("step"),f("frames"),s().jumps);!D&&T===null||(p.preventDefault(),p.stopPropagation(),D?g():u(T))},draw:()=>y()};function y(){let p=Object.fromEntries(ke.map(w=>[w,f(w)]));Z(d(me,{id:a,...p,playing:o,speed:_,wait:i,moves:k,...s()}),e)}function m(){i!==null&&!f("held").includes(i)&&u(i),y()}let x=[...ke,...l].filter(p=>p!=="held").map(p=>`change:${p}`);return x.forEach(p=>t.on(p,y)),t.on("change:held",m),y(),()=>{clearInterval(c),x.forEach(p=>t.off(p,y)),t.off("change:held",m),Z(null,e)}}var Qe={render:t=>ve(t)};export{Qe as default};
